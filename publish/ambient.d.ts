// What TypeScript's own compiler does not know of the modules that the library imports.

// WGSL is imported as text.
declare module "*.wgsl" {
  const text: string;
  export default text;
}

// A package without declarations.
declare module "libheif-js/libheif-wasm/libheif-bundle.mjs";
