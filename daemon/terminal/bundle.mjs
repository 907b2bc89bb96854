// Bundles the terminal emulator: node bundle.mjs FOLDER

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const out = process.argv[2];

// Replaces what must be there exactly so often, so that another version of xterm.js is looked at again.
function replace(text, pattern, by, count) {
  const found = [...text.matchAll(pattern)].length;
  if (found !== count) throw new Error(`xterm.js has ${pattern} ${found} times, not ${count}: see bundle.mjs`);
  return text.replace(pattern, by);
}

// xterm.js fills <style> elements and style attributes, which a Content-Security-Policy without 'unsafe-inline' forbids; style
// sheets and properties of elements say the same.
const withoutInline = {
  name: "without-inline",
  setup({ onLoad }) {
    onLoad({ filter: /xterm\.mjs$/ }, async ({ path: file }) => {
      let text = await readFile(file, "utf8");
      text = replace(text, /[\w.]+\.createElement\("style"\)/g, "sheetElement()", 3);
      text = replace(text, /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}\$\{(\w+)\};`\)/g, "$1.style.cssText+=$2+\";\"", 1);
      return { contents: `import { sheetElement } from ${JSON.stringify(path.resolve("sheet.js"))};\n${text}`, loader: "js" };
    });
  },
};

await mkdir(out, { recursive: true });
await build({
  entryPoints: ["terminal.js"], outfile: path.join(out, "terminal.js"), bundle: true, format: "esm", minify: true,
  target: "es2022", charset: "utf8", legalComments: "none", plugins: [withoutInline],
});
await build({ entryPoints: ["node_modules/@xterm/xterm/css/xterm.css"], outfile: path.join(out, "terminal.css"), minify: true });
const licences = ["xterm", "addon-fit"].map((name) => readFile(`node_modules/@xterm/${name}/LICENSE`, "utf8"));
await writeFile(path.join(out, "LICENSE.txt"), (await Promise.all(licences)).join("\n"));
