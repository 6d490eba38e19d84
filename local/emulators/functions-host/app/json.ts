import { readFileSync } from 'node:fs';

/** Texts, which stay, and comments, which go. */
const TEXT_OR_COMMENT = /"(?:\\.|[^"\\])*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * A JSON file of the app's folder, without the mark that some editors write at its beginning, and without comments,
 * which the host allows; undefined when there is no such file. @throws Error with what is wrong in it
 */
export function readAppJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(
    text.replace(/^\ufeff/, '').replace(TEXT_OR_COMMENT, (found) => (found.startsWith('"') ? found : ' ')),
  );
}
