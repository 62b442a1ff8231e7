/** Every claim, in the order of the report. A new one costs its file and a line here. */
import { adminUser } from './admin-user.ts';
import { allowedPorts } from './allowed-ports.ts';
import type { Claim } from './claim.ts';
import { hashTreeDestroyed, rootBeyondCorrection, superblockDestroyed } from './falls-back.ts';
import { noPrompt, selectorChanged, shimChanged, ukiChanged } from './boot-chain.ts';
import { commandLine } from './command-line.ts';
import { fecCorrects } from './fec-corrects.ts';
import { hostileData } from './hostile-data.ts';
import { lateDamage } from './late-damage.ts';
import { loaderDestroyed, stateEmpty, stateGarbage, stateHostile } from './selector-state.ts';
import { secureBoot } from './secure-boot.ts';
import { copiesDiffer } from './copies-differ.ts';
import { coreDumps } from './core-dumps.ts';
import { dataGrows } from './data-grows.ts';
import { directDirectories } from './direct-directories.ts';
import { dropInCertificates } from './drop-in-certificates.ts';
import { dropInFirewall } from './drop-in-firewall.ts';
import { dropInTime } from './drop-in-time.ts';
import { firewallFailsClosed } from './firewall-fails-closed.ts';
import { fullPartitions } from './full-partitions.ts';
import { hostKeyKept } from './host-key-kept.ts';
import { hypervServices } from './hyperv-services.ts';
import { journalCapped } from './journal-capped.ts';
import { journalKept } from './journal-kept.ts';
import { listening } from './listening.ts';
import { modules } from './modules.ts';
import { mountFlags } from './mount-flags.ts';
import { noCompiler } from './no-compiler.ts';
import { noConsoleLogin } from './no-console-login.ts';
import { noFailedUnits } from './no-failed-units.ts';
import { noPackageManager } from './no-package-manager.ts';
import { noPasswords } from './no-passwords.ts';
import { openPorts } from './open-ports.ts';
import { overlayMounts } from './overlay-mounts.ts';
import { overlayReport } from './overlay-report.ts';
import { overlayStore } from './overlay-store.ts';
import { overlaysDeclared } from './overlays-declared.ts';
import { overlaysForgotten } from './overlays-forgotten.ts';
import { overlaysPersist } from './overlays-persist.ts';
import { ownDisk } from './own-disk.ts';
import { ping } from './ping.ts';
import { predictedPcrsClaim } from './predicted-pcrs.ts';
import { rebootReturns } from './reboot-returns.ts';
import { rootReadOnly } from './root-read-only.ts';
import { rootVerity } from './root-verity.ts';
import { setuidList } from './setuid-list.ts';
import { sshAlgorithms } from './ssh-algorithms.ts';
import { sshCertificates } from './ssh-certificates.ts';
import { sshKeys } from './ssh-keys.ts';
import { sshNoPasswords } from './ssh-no-passwords.ts';
import { sshNoRoot } from './ssh-no-root.ts';
import { sshRateLimit } from './ssh-rate-limit.ts';
import { sshTableFull } from './ssh-table-full.ts';
import { sysctls } from './sysctls.ts';
import { time } from './time.ts';
import { tpmOff, tpmOn } from './tpm.ts';
import { umask } from './umask.ts';
import { unitExposure } from './unit-exposure.ts';
import { unprovisioned } from './unprovisioned.ts';
import { unreadableData } from './unreadable-data.ts';
import { usrImmutable } from './usr-immutable.ts';
import { veritySwitch } from './verity-switch.ts';
import { vsock } from './vsock.ts';
import { updateSelector } from './update-selector.ts';
import {
  earlyResets,
  updateDamaged,
  updateInstalls,
  updateKeeps,
  updateReturns,
  updateStreams,
  updateUnhealthy,
} from './update-installed.ts';
import {
  updateAltered,
  updateExpired,
  updateLower,
  updateOtherCompatible,
  updateOtherKey,
  updateTooLarge,
  updateTruncated,
} from './update-refused.ts';

export const CLAIMS: readonly Claim[] = [
  // root and overlays
  rootReadOnly,
  rootVerity,
  veritySwitch,
  usrImmutable,
  overlayMounts,
  overlaysPersist,
  overlaysForgotten,
  overlaysDeclared,
  overlayStore,
  overlayReport,
  directDirectories,
  mountFlags,
  // Data and Log
  dataGrows,
  journalKept,
  journalCapped,
  fullPartitions,
  unreadableData,
  // network
  openPorts,
  listening,
  ping,
  allowedPorts,
  sshRateLimit,
  sshTableFull,
  firewallFailsClosed,
  // SSH and who may log in
  sshKeys,
  sshCertificates,
  sshNoPasswords,
  sshNoRoot,
  sshAlgorithms,
  vsock,
  hostKeyKept,
  adminUser,
  noPasswords,
  noConsoleLogin,
  unprovisioned,
  // hardening
  noPackageManager,
  noCompiler,
  setuidList,
  sysctls,
  modules,
  coreDumps,
  umask,
  unitExposure,
  // devices, time, life
  tpmOn,
  tpmOff,
  predictedPcrsClaim,
  time,
  hypervServices,
  dropInFirewall,
  dropInCertificates,
  dropInTime,
  copiesDiffer,
  ownDisk,
  rebootReturns,
  noFailedUnits,
  // updates
  updateOtherKey,
  updateExpired,
  updateOtherCompatible,
  updateLower,
  updateTooLarge,
  updateTruncated,
  updateAltered,
  updateInstalls,
  updateSelector,
  updateKeeps,
  updateDamaged,
  updateUnhealthy,
  updateReturns,
  updateStreams,
  earlyResets,
  // verified boot, where it is enforced
  secureBoot,
  fecCorrects,
  hostileData,
  rootBeyondCorrection,
  hashTreeDestroyed,
  superblockDestroyed,
  lateDamage,
  shimChanged,
  selectorChanged,
  ukiChanged,
  noPrompt,
  loaderDestroyed,
  stateGarbage,
  stateEmpty,
  stateHostile,
  commandLine,
];
