import react from "@vitejs/plugin-react";
import relay from "vite-plugin-relay";
import { defineConfig } from "vitest/config";

// Numbers and times are written as the reader's locale has it; the tests expect this one wherever they run.
process.env.LC_ALL = "en_US.UTF-8";
process.env.TZ = "UTC";

export default defineConfig({
  plugins: [react(), relay],
  test: {
    css: false,
    restoreMocks: true,
    testTimeout: 120_000,
    // CI reports a test that passes only the second time, and goes on.
    retry: process.env.CI ? 1 : 0,
    projects: [
      { extends: true, test: { name: "lib", environment: "node", include: ["{src/lib,graphiql}/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "pages",
          environment: "jsdom",
          include: ["src/{relay,shell,pages,components}/**/*.test.{ts,tsx}"],
          setupFiles: ["src/test/setup.ts"],
          // PatternFly's packages are thousands of small modules: bundled once, they load in seconds and not in minutes.
          server: { deps: { inline: [/@patternfly/, /\.vite/, /vitest-axe/] } },
          deps: {
            optimizer: {
              client: {
                enabled: true,
                include: [
                  "@patternfly/react-core",
                  "@patternfly/react-icons",
                  "@patternfly/react-table",
                  "@patternfly/react-charts/victory",
                ],
              },
            },
          },
        },
      },
    ],
  },
});
