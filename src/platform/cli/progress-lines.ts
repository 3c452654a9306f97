/** A line when a part begins, and one each few seconds of it: for whoever waits. */
export function progressLines(to: { write(text: string): unknown }, everyMs = 2_000) {
  let part = ''
  let bytes = 0
  let saidAt = performance.now()
  const say = () => {
    saidAt = performance.now()
    to.write(`${part}: ${(bytes / 1e6).toFixed(1)} MB\n`)
  }
  return {
    tell(what: { part: string; bytes: number }): void {
      if (what.part !== part) {
        if (part !== '') say()
        part = what.part
        bytes = 0
      }
      bytes += what.bytes
      if (performance.now() - saidAt >= everyMs) say()
    },
    end: (): void => {
      if (part !== '') say()
    },
  }
}
