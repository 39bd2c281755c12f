import { defineConfig } from 'vitest/config'
import { testConfig } from './scripts/test-projects.ts'

export default defineConfig(testConfig({ kind: 'long.test', isCi: process.env['CI'] === 'true' }))
