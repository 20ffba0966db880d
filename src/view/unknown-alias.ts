/** The failure that names an alias nobody knows. */
import { UsageError } from '../base/index.js';
import { Failure } from './failure.js';

export function unknownAlias(name: string): Failure {
  return new Failure(`No such alias \`${name}\` found.`, new UsageError(`Use \`mts alias set ${name} URL\` to add an alias.`));
}
