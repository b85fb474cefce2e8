// Which pixel of a scaled image a pixel of a crop shows. The kernel that includes this binds `geometry`, [N,2] vec4f:
// (scaledHeight, scaledWidth, top, left), (mirror, …) of each image.
struct CropPixel {
  // The image of the batch.
  image: u32,
  // Row and column in the scaled image. Columns are counted from the right where the crop is mirrored.
  row: u32,
  column: u32,
  // Rows and columns of the scaled image.
  height: u32,
  width: u32,
  // False where the crop reaches beyond the scaled image.
  isInside: bool,
}

// Pixel `index` of crops of `rows` × `columns` pixels, of which the first row is row `firstRow` of the crop.
fn cropPixel(index: u32, firstRow: u32, rows: u32, columns: u32) -> CropPixel {
  let image = index / (rows * columns);
  let place = vec4u(geometry[2u * image]);
  let column = index % columns;
  let i = place.z + firstRow + index / columns % rows;
  let j = place.w + select(column, columns - 1u - column, geometry[2u * image + 1u].x > 0.5);
  return CropPixel(image, i, j, place.x, place.y, i < place.x && j < place.y);
}

// The index of the nearest pixel in maps of `height` × `width` pixels: row ⌊(2i + 1)·height / (2·scaledHeight)⌋, the column
// alike, in whole numbers.
fn nearestPixel(pixel: CropPixel, height: u32, width: u32) -> u32 {
  let row = (2u * pixel.row + 1u) * height / (2u * pixel.height);
  return (pixel.image * height + row) * width + (2u * pixel.column + 1u) * width / (2u * pixel.width);
}
