/**
 * A reader of the SVG that the program writes, strict about what XML asks for.
 *
 * @module
 */

/** An element that was opened. */
export interface FoundElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Every element of a document, in order.
 *
 * @throws {SyntaxError} where tags do not nest, an attribute stands twice, or a character is not escaped.
 */
export function readElements(svg: string): FoundElement[] {
  const open: string[] = [];
  const found: FoundElement[] = [];
  let end = 0;
  for (const match of svg.matchAll(/<(\/?)([a-zA-Z]+)((?: [a-zA-Z][\w-]*="[^"<]*")*)( ?\/?)>/g)) {
    requireText(svg.slice(end, match.index));
    end = match.index + match[0].length;
    const [, isEnd, name = "", attributes = "", isEmpty] = match;
    if (isEnd) {
      if (open.pop() !== name) throw new SyntaxError(`</${name}> closes nothing`);
      continue;
    }
    if (open.length === 0 && found.length > 0) throw new SyntaxError(`<${name}> is a second root`);
    const pairs = [...attributes.matchAll(/ ([a-zA-Z][\w-]*)="([^"]*)"/g)];
    if (new Set(pairs.map(([, key]) => key)).size < pairs.length) {
      throw new SyntaxError(`${name} has an attribute twice`);
    }
    for (const [, , value = ""] of pairs) requireText(value);
    found.push({ name, attributes: Object.fromEntries(pairs.map(([, key = "", value = ""]) => [key, value])) });
    if (!isEmpty) open.push(name);
  }
  requireText(svg.slice(end));
  if (open.length > 0) throw new SyntaxError(`<${open.at(-1)}> is not closed`);
  return found;
}

function requireText(text: string): void {
  if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(text)) {
    throw new SyntaxError(`"${text}" has a character that is not escaped`);
  }
}

/** The dots that stand for a measured value: those with a title. Each has the class of the group around it. */
export function marks(elements: readonly FoundElement[]): FoundElement[] {
  let group: string | undefined;
  return elements.flatMap((element, index) => {
    if (element.name === "g") group = element.attributes.class;
    if (element.name !== "circle" || elements[index + 1]?.name !== "title") return [];
    return [{ ...element, attributes: { ...element.attributes, ...group === undefined ? {} : { class: group } } }];
  });
}
