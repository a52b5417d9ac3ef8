import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// GraphiQL is a build of its own: its editor is large, and Vite's dev server can't pre-bundle its workers.
export default defineConfig({
  plugins: [react()],
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: false,
    assetsDir: "assets/graphiql",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000,
    rollupOptions: {
      input: "graphiql.html",
      onwarn: (warning, warn) => {
        // GraphiQL ships code marked for React's compiler, which is not used here.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
});
