/**
 * The storeys of the relay and of the control app, from the top. A file may import from its own storey and from those
 * below. They are the order in which a frame and an event pass through the code.
 */
import { posix } from 'node:path';
import type { ImportGraph } from './import-graph.ts';

export interface Building {
  readonly folder: string;
  /** Folders below `folder`, from the top; '' is `folder` itself. Each holds its own sub-folders. */
  readonly storeys: readonly string[];
}

export const BUILDINGS: readonly Building[] = [
  {
    folder: 'relay',
    storeys: [
      '',
      'serve',
      'operate',
      'session',
      'workers',
      'speak',
      'web-pubsub',
      'lane',
      'listen',
      'handover',
      'settings',
      'acs',
      'audio',
      'base',
    ],
  },
  {
    folder: 'functions/control',
    storeys: ['triggers', 'api', '', 'access', 'http', 'adapters', 'settings', 'use-cases', 'call'],
  },
];

/** One sentence for each import that climbs, and for each folder that is no storey. */
export function climbs(graph: ImportGraph, { folder, storeys }: Building): string[] {
  const storeyOf = (file: string): string | undefined => {
    if (!file.startsWith(`${folder}/`)) return undefined;
    const [first = '', ...rest] = file.slice(folder.length + 1).split('/');
    return rest.length === 0 ? '' : first;
  };
  const sentences: string[] = [];
  for (const [file, targets] of graph) {
    const from = storeyOf(file);
    if (from === undefined) continue;
    if (!storeys.includes(from))
      sentences.push(
        `${posix.join(folder, from)} is not in the list of storeys of ${folder}: add it in its place.`,
      );
    for (const target of targets) {
      const to = storeyOf(target);
      if (to !== undefined && storeys.indexOf(to) < storeys.indexOf(from))
        sentences.push(
          `${file} imports ${target}, but ${posix.join(folder, to)} is above ${posix.join(folder, from)}.`,
        );
    }
  }
  return [...new Set(sentences)];
}
