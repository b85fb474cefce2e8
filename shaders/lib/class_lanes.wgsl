// The classes of a pixel, of which a vec4f holds four.
const CLASSES: u32 = 1u;

// The ids of the four classes of a vec4f.
fn classIds(vector: u32) -> vec4u {
  return 4u * vector + vec4u(0u, 1u, 2u, 3u);
}

// Which lanes of a vec4f hold classes. The others are padding.
fn isClass(vector: u32) -> vec4<bool> {
  return classIds(vector) < vec4u(CLASSES);
}
