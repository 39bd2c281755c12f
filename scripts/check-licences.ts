// Every dependency's licence is one of the list, or named below with the reason why it may be there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findLicenceProblems, type Lock } from './licences.ts'

const path = join(import.meta.dirname, '..', 'package-lock.json')
const lock: Lock = JSON.parse(readFileSync(path, 'utf8'))
const { packages, problems } = findLicenceProblems(lock)

for (const problem of problems) console.error(`Licences: ${problem}`)
if (problems.length > 0) process.exit(1)
console.log(`Licences of ${packages} packages: allowed`)
