/**
 * A list is given up for a new one when this part of it is taken: beyond, a random try would hit too many taken places, and
 * a list that is never full keeps what is allocated last from standing out.
 */
const FULLEST = 0.75

/**
 * A free place of a status list, at random, so that neighbours in the list say nothing about who was issued with whom
 * (W3C Bitstring Status List 1.0, section 5.2). Undefined where the list is as full as it may get: take a new one.
 *
 * @param size length of the list in bits.
 * @param used the places taken, each of them for ever.
 * @param random an integer from 0 to below its argument, evenly: `node:crypto`'s `randomInt`.
 */
export function allocateIndex(
  { size, used, random }: { size: number, used: { has: (index: number) => boolean, size: number }, random: (below: number) => number },
): number | undefined {
  if (used.size >= Math.floor(size * FULLEST)) return undefined
  let index = random(size)
  while (used.has(index)) index = random(size)
  return index
}
