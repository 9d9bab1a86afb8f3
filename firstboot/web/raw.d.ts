/** A file's text, put into the bundle as it is: vite knows `?raw`, and so does builder/build.mjs. */
declare module '*?raw' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: vite gives it so.
  export default text;
}
