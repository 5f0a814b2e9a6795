// Builds static/dist from static/src. `--watch` keeps building while files change.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const src = dirname(fileURLToPath(import.meta.url));
const dist = join(src, "..", "dist");
const require = createRequire(import.meta.url);
const watching = process.argv.includes("--watch");

/** The custom properties of one theme in themes.css, so that a colour has a single source. */
function tokens(name) {
  const themes = readFileSync(join(src, "themes.css"), "utf8").split("@plugin");
  const theme = themes.find((block) => block.includes(`name: "${name}"`));
  return theme.match(/(--[\w-]+|color-scheme):[^;]+;/g).join("\n  ");
}

function admin() {
  const css = readFileSync(join(src, "admin.css"), "utf8");
  const fonts = readFileSync(join(src, "fonts.css"), "utf8");
  const filled = css.replace(/\/\* tokens: (\w+) \*\//g, (_, name) => tokens(name));
  writeFileSync(join(dist, "admin.css"), `${fonts}\n${filled}`);
}

function copies() {
  for (const file of ["app.js", "icon.svg"]) copyFileSync(join(src, file), join(dist, file));
}

function fonts() {
  const packaged = dirname(require.resolve("@fontsource-variable/instrument-sans/package.json"));
  mkdirSync(join(dist, "fonts"), { recursive: true });
  for (const subset of ["latin", "latin-ext"]) {
    const file = `instrument-sans-${subset}-wght-normal.woff2`;
    copyFileSync(join(packaged, "files", file), join(dist, "fonts", file));
  }
  copyFileSync(join(packaged, "LICENSE"), join(dist, "fonts", "LICENSE"));
}

function stylesheet() {
  const cli = join(dirname(require.resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
  const options = ["-i", join(src, "app.css"), "-o", join(dist, "app.css"), "--minify"];
  const child = spawn(process.execPath, [cli, ...options, ...(watching ? ["--watch"] : [])], { stdio: "inherit" });
  child.on("exit", (code) => process.exit(code ?? 1));
}

mkdirSync(dist, { recursive: true });
fonts();
copies();
admin();
stylesheet();
if (watching) {
  watch(src, (_, file) => (file === "app.js" ? copies() : admin()));
}
