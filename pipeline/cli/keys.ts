/** keys new. */
import type { Command } from 'commander';
import { newKeys } from '../commands/keys.ts';
import type { Run } from './run.ts';

export function addKeysCommands(program: Command, run: Run): void {
  const keys = program.command('keys').description('keys for Secure Boot, updates and releases');
  keys
    .command('new')
    .description(
      'make PK, KEK and db to try with, the files that give them to firmware, and keys that sign updates and releases',
    )
    .argument('<dir>', 'folder to make; a folder that is there must be empty')
    .option('--name <name>', 'whose keys they are, in the names of the certificates', 'Caisson test')
    .addHelpText(
      'after',
      '\nFor each of PK, KEK and db: NAME.key (RSA, 2048 bits), NAME.crt (PEM), NAME.cer (DER), NAME.esl (a list of signatures),\nNAME.auth (the list, signed for the variable). Also noPK.auth, which takes PK away again, and GUID, the owner.\n\nFor updates: update-ca, the authority that machines trust, and update, issued by it, which signs bundles (RSA, 3072 bits).\nFor releases: release, which signs what `caisson release` makes (RSA, 3072 bits).\n\nThe certificates are valid from 2020-01-01 to 2049-12-31, whenever they are made: no clock matters to what they sign.\nPK, KEK and update-ca belong off-line; db.key is what `signing` of an image names, update.key what `updates.signing` does,\nrelease.key what `release` does.\nFor what leaves the house keep both in a token (docs/SIGNING.md).\n\nExamples:\n  caisson keys new keys\n  caisson keys new ~/keys/example --name "Example Ltd"',
    )
    .action((folder: string, options: { name: string }, self: Command) =>
      run(self, context => newKeys(context, { folder, name: options.name }), 'stderr'),
    );
}
