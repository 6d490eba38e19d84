/** What a measurement takes besides its own options, for `parseArgs`: `--smoke`, which takes seconds, and `--json file`. */
export const COMMON_OPTIONS = {
  smoke: { type: 'boolean', default: false },
  json: { type: 'string' },
} as const;
