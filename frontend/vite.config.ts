import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import relay from "vite-plugin-relay";

// The backend that `npm run dev` talks to. changeOrigin stays false: the gateway compares Origin with Host.
const backend = process.env.LITEMAAS_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), relay],
  build: {
    outDir: "dist",
    // Nothing becomes a data: address, so the page works under `default-src 'self'`.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: Object.fromEntries(
      ["/graphql", "/auth", "/schema.graphql"].map((path) => [
        path,
        { target: backend, changeOrigin: false, ws: path === "/graphql" },
      ]),
    ),
  },
});
