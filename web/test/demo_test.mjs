// The page over a made-up market, still and moving. DEMO: path of mlbot_page_demo. SHOTS: folder for pictures, optional.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { run, skipWithoutChromium } from "./browser.mjs";

async function withDemo(args, work) {
  const demo = spawn(process.env.DEMO, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const lines = createInterface({ input: demo.stdout });
    const [first] = await new Promise((resolve, reject) => {
      lines.once("line", (line) => resolve([line]));
      demo.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    });
    await work(JSON.parse(first));
  } finally {
    demo.kill();
  }
}

skipWithoutChromium();
try {
  await withDemo(["--still"], async (at) => run({ ...at, shots: process.env.SHOTS }));
  await withDemo([], async (at) => run({ ...at, shots: undefined }));
  console.log("page and made-up market agree, still and moving");
} catch (error) {
  console.error(`browser test: ${error.message}`);
  process.exit(1);
}
