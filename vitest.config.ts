import { defineConfig } from 'vitest/config';

// Forks, not threads: native engines (ONNX Runtime, llama.cpp) own process-wide state.
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // A test fails for what it finds, never for how busy the machine is.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
