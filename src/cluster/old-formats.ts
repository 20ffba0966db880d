/**
 * Pools formatted before every drive had a deployment id (2016 to 2018-08), and drives whose identity a release of 2025 blanked:
 * what they are in today's terms. A pure function of the answers, so that all nodes, and the next start after a crash half way
 * through, come to the same.
 */
import { createHash } from 'node:crypto';
import type { FormatAnswer } from './format-plan.js';

type Formatted = Extract<FormatAnswer, { kind: 'formatted' }>;

/** The answers with a deployment id and a drive id in each, as far as both can be known. */
export function unifyOldFormats(answers: readonly FormatAnswer[]): FormatAnswer[] {
  return answers.map((answer, position) => {
    if (answer.kind !== 'formatted' || (answer.format.deploymentId !== '' && answer.driveId !== '')) return answer;
    const { sets } = answer.format;
    const mates = answers.filter((other): other is Formatted => other.kind === 'formatted' && tableOf(other) === tableOf(answer));
    const deploymentId = mates.find(({ format }) => format.deploymentId !== '')?.format.deploymentId ?? derivedId(sets);
    const format = { ...answer.format, deploymentId };
    if (answer.driveId !== '') return { ...answer, format };
    const place = answer.evidence ?? emptyPlace(answers, position, answer);
    const driveId = place === undefined ? undefined : sets[place.setIndex]?.[place.slot];
    if (driveId === undefined) return { kind: 'damaged', reason: 'it names no drive, and no object on the drive tells its slot' };
    return { ...answer, format, driveId };
  });
}

/** A blanked drive that holds nothing: the slot at its place in the arguments, where the others prove that they are in order. */
function emptyPlace(answers: readonly FormatAnswer[], position: number, { format }: Formatted): { readonly setIndex: number; readonly slot: number } | undefined {
  const size = format.sets[0]?.length ?? 1;
  const isOrdered = answers.every((other, index) => {
    if (other.kind !== 'formatted' || other.evidence === undefined) return true;
    return other.evidence.setIndex * size + other.evidence.slot === index;
  });
  return isOrdered && answers.some((other) => other.kind === 'formatted' && other.evidence !== undefined) ? { setIndex: Math.floor(position / size), slot: position % size } : undefined;
}

function tableOf({ format }: Formatted): string {
  return JSON.stringify(format.sets);
}

/** The same id whenever and wherever it is made up: from the table of drives, which is random itself. */
function derivedId(sets: readonly (readonly string[])[]): string {
  const hex = createHash('sha256').update(JSON.stringify(sets)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
