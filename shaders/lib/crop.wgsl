// Which pixel of a scaled image a pixel of a crop shows. The kernel that includes this binds `geometry`, [N,3] vec4f:
// (scaledHeight, scaledWidth, top, left), (mirror, …), (height, width, …) of each image. `top` and `left` may be
// negative. Images of several sizes lie in maps of one: the pixels of an image follow each other from the first place
// of its map on, and the rest of the map is not read. A height of 0 stands for an image that fills its map.
struct CropPixel {
  // The image of the batch.
  image: u32,
  // Row and column in the scaled image. Columns are counted from the right where the crop is mirrored.
  row: u32,
  column: u32,
  // Rows and columns of the scaled image.
  height: u32,
  width: u32,
  // Rows and columns of the image itself.
  size: vec2u,
  // Where the image begins in the maps of the batch.
  start: u32,
  // False where the crop reaches beyond the scaled image.
  isInside: bool,
}

// Pixel `index` of crops of `rows` × `columns` pixels, of which the first row is row `firstRow` of the crop. The maps
// have `map` rows and columns.
fn cropPixel(index: u32, firstRow: u32, rows: u32, columns: u32, map: vec2u) -> CropPixel {
  let image = index / (rows * columns);
  // A row or column before the first wraps to a large number, which counts as outside.
  let place = bitcast<vec4u>(vec4i(geometry[3u * image]));
  let size = vec2u(geometry[3u * image + 2u].xy);
  let column = index % columns;
  let i = place.z + firstRow + index / columns % rows;
  let j = place.w + select(column, columns - 1u - column, geometry[3u * image + 1u].x > 0.5);
  return CropPixel(
    image,
    i,
    j,
    place.x,
    place.y,
    select(size, map, size.x == 0u),
    image * map.x * map.y,
    i < place.x && j < place.y,
  );
}

// The index of the nearest pixel in the maps: row ⌊(2i + 1)·height / (2·scaledHeight)⌋ of the image, the column alike,
// in whole numbers.
fn nearestPixel(pixel: CropPixel) -> u32 {
  let row = (2u * pixel.row + 1u) * pixel.size.x / (2u * pixel.height);
  return pixel.start + row * pixel.size.y + (2u * pixel.column + 1u) * pixel.size.y / (2u * pixel.width);
}
