import { defineConfig } from 'vitest/config'
import { testConfig } from './scripts/test-projects.ts'

export default defineConfig(testConfig({ kind: 'test', isCi: process.env['CI'] === 'true' }))
