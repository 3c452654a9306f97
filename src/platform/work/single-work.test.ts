import { expect, test } from 'vitest'
import { createSingleWork } from './single-work.ts'

let time = 0
const create = () => createSingleWork(() => time)

test('single work is around from its beginning until two seconds after its end', () => {
  const singleWork = create()
  expect(singleWork.isAround()).toBe(false)
  singleWork.begin()
  time += 10_000
  expect(singleWork.isAround()).toBe(true)
  singleWork.end()
  time += 1_999
  expect(singleWork.isAround()).toBe(true)
  time += 1
  expect(singleWork.isAround()).toBe(false)
})

test('it has the right of way while it is under way, but no longer than a quarter of a second without a gap', () => {
  const singleWork = create()
  singleWork.begin()
  expect(singleWork.hasRightOfWay()).toBe(true)
  singleWork.begin()
  singleWork.end()
  time += 249
  expect(singleWork.hasRightOfWay()).toBe(true)
  time += 1
  expect(singleWork.hasRightOfWay()).toBe(false)
  singleWork.end()
  singleWork.begin()
  expect(singleWork.hasRightOfWay()).toBe(true)
  singleWork.end()
  expect(singleWork.hasRightOfWay()).toBe(false)
})
