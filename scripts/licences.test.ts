import { expect, test } from 'vitest'
import { findLicenceProblems } from './licences.ts'

const check = (name: string, license?: string) =>
  findLicenceProblems({
    packages: {
      '': {},
      'packages/own': {},
      'node_modules/own': { link: true },
      [`node_modules/other/node_modules/${name}`]: license === undefined ? {} : { license },
    },
  })

test.each(['MIT', '(MIT OR GPL-3.0-only)', '(MIT AND ISC)', 'BSD-3-Clause'])('%s is allowed', (licence) => {
  expect(check('any', licence)).toEqual({ packages: 1, problems: [] })
})

test.each(['GPL-3.0-only', '(MIT AND AGPL-3.0-only)', 'MPL-2.0', 'UNLICENSED', 'SEE LICENSE IN LICENSE', ''])(
  '%j is not',
  (licence) => {
    expect(check('any', licence).problems).toEqual([`any has ${licence}, which is not on the list`])
  },
)

test('none is none, and an exception is for its package alone', () => {
  expect(check('any').problems).toEqual(['any names none'])
  expect(check('lightningcss-linux-x64-gnu', 'MPL-2.0').problems).toEqual([])
  expect(check('lightningcss', 'GPL-2.0-only').problems).toHaveLength(1)
  expect(check('@img/sharp-win32-x64', 'Apache-2.0 AND LGPL-3.0-or-later').problems).toEqual([])
})
