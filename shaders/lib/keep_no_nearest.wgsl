// For points of which only the pixels are wanted.
fn keepNearest(scan: u32, point: vec2u) {
}
