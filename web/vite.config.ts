import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Relative addresses: the page also works behind a proxy that serves it under a folder.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: { target: "es2022", chunkSizeWarningLimit: 1200 },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
