import { expect, test } from 'vitest'
import { createSingleWork } from './single-work.ts'

test('single work is around for two seconds after it was seen', () => {
  let time = 0
  const singleWork = createSingleWork(() => time)
  expect(singleWork.isAround()).toBe(false)
  singleWork.seen()
  time = 1_999
  expect(singleWork.isAround()).toBe(true)
  time = 2_000
  expect(singleWork.isAround()).toBe(false)
})
