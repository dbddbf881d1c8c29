import { defineConfig } from "vitest/config";

// One browser and one cluster at a time: the tests share a small machine.
export default defineConfig({
  root: import.meta.dirname,
  test: {
    environment: "node",
    include: ["*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
