import { expect, it } from 'vitest'
import { mayShip } from './licence-rules.ts'

it.each(['MIT', 'Apache-2.0', '(MIT OR GPL-3.0-only)', 'GPL-2.0-only OR BSD-3-Clause', 'MIT AND OFL-1.1'])('ships %s', licence => {
  expect(mayShip(licence)).toBe(true)
})

it.each(['GPL-3.0-only', 'AGPL-3.0-or-later', 'LGPL-2.1', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN LICENSE', 'UNLICENSED', ''])(
  'does not ship "%s"',
  licence => { expect(mayShip(licence)).toBe(false) },
)
