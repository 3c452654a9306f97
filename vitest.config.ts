import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts', 'test/servers/**/*.test.ts', 'test/boundaries/**/*.test.ts',
      'scripts/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 20_000,
  },
})
