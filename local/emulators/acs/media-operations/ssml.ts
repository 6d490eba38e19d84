const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** Whether this looks like an SSML document: a `speak` element and nothing beside it. */
export function isSsml(text: string): boolean {
  return /^\s*(<\?xml[^>]*\?>\s*)?<speak[\s>][\s\S]*<\/speak>\s*$/.test(text);
}

/** The words of an SSML document, without its markup. */
export function ssmlWords(ssml: string): string {
  return ssml
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim();
}

/** The language that an SSML document names, such as `en-US`. */
export function ssmlLocale(ssml: string): string | undefined {
  return /<speak[^>]*\sxml:lang\s*=\s*["']([^"']+)["']/.exec(ssml)?.[1];
}
