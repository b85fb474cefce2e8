/**
 * A 5×7 bitmap font for the few words on pictures, so that drawing needs no font file. It has only printable ASCII.
 * Every other character is drawn as a box.
 *
 * @module
 */

/** Columns of a character without the gap after it. */
export const GLYPH_WIDTH = 5;
/** Rows of a character, descenders included. */
export const GLYPH_HEIGHT = 8;

/**
 * The characters from the space (32) to the tilde (126), one word each. A word has one base-32 digit (0–9, a–v) per
 * row, from the top. The five bits of a digit are the pixels from left to right. `A` is `4ahhvhh`: 00100, 01010, 10001,
 * 10001, 11111, 10001, 10001. An eighth digit is the row below the base line.
 */
const glyphs = [
  "0000000 4444404 aa00000 aavavaa 4fke5u4 oo248j3 8kk8lid 4400000 2488842 8422248 0ale4ea 044v440",
  "00000448 000v000 0000044 0012480 ehjlphe 4c4444e eh1248v v1211he 26aiv22 vgu11he 68guhhe v124488",
  "ehhehhe ehhf12c 0440440 0440448 1248421 00v0v00 g84248g eh12404 ehnlnge 4ahhvhh uhhuhhu ehggghe",
  "sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 711111ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe",
  "uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hha4444 v1248gv e88888e",
  "0g84210 e22222e 4ah0000 000000v 8400000 00e1fhf gguhhhu 00eggge 11fhhhf 00ehvge 698s888 00fhhf1e",
  "gguhhhh 40c444e 202222ic ggikoki c44444e 00qllll 00uhhhh 00ehhhe 00uhhugg 00fhhf11 00mpggg 00fge1u",
  "88s8896 00hhhjd 00hhha4 00hllla 00ha4ah 00hhhf1e 00v248v 2448442 4444444 8442448 00dm000",
].join(" ").split(" ");

/** Drawn for characters that the font lacks. */
const box = "vhhhhhv";

/**
 * The rows of a character: eight numbers. The five bits of each are the pixels of a row, the highest bit the leftmost.
 *
 * @param character a single character.
 */
export function glyphRows(character: string): number[] {
  const code = character.charCodeAt(0) - 32;
  const digits = character.length === 1 ? glyphs[code] ?? box : box;
  return Array.from({ length: GLYPH_HEIGHT }, (_, row) => row < digits.length ? parseInt(digits.charAt(row), 32) : 0);
}
