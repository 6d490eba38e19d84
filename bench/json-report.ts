import { writeFile } from 'node:fs/promises';

/** Writes what was measured to the file of `--json`, indented; does nothing where none is asked for. */
export async function writeJsonReport(file: string | undefined, report: object): Promise<void> {
  if (file !== undefined) await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
