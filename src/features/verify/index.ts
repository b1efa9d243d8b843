import type { Feature } from '#core/feature.ts';
import type { PeopleList } from '#core/verification-list.ts';
import type { Verification } from '#core/verification.ts';
import { atGate, findGate } from '#storage/gate.ts';
import { ask } from './ask.ts';
import { entries } from './entries.ts';
import { imports, putList } from './import-list.ts';
import { verifyMails } from './mail.ts';
import { changeGate, giveBack, lift, seeing, unlink, vouch } from './moderate.ts';
import { overview, testMail, testMails } from './overview.ts';
import type { VerifyParts } from './parts.ts';
import { reachOutMail, reachOuts } from './reach-out.ts';
import { askSources, sources } from './sources.ts';
import { confirm, deny, look, proveByCode, wordsFor } from './prove.ts';
import { sweep } from './sweep.ts';
import { verifyCommands } from './verify.command.ts';

export type { VerifyParts } from './parts.ts';

/** Only people of a community's list speak there: each proves by a mail who they are. */
export function verifyFeature(parts: () => VerifyParts): Feature {
  const verification = verificationOf(parts);
  return {
    name: 'verify',
    commands: verifyCommands(verification),
    jobs: [],
    acts: ['deleteMessage', 'grantRole', 'removeRole', 'setNickname'],
    mails: { ...verifyMails(parts), ...testMails(parts), 'verify-reach': reachOutMail(parts) },
    verification,
  };
}

/** Each asks for what it is given when it is called: the command line knows the commands, and runs none. */
function verificationOf(parts: () => VerifyParts): Verification {
  return {
    at: (community, person) => atGate(parts().storage.db, community, person),
    settings: (community) => findGate(parts().storage.db, community),
    change: (asked) => changeGate(parts(), asked),
    ask: (prover, userId) => ask(parts(), prover, userId),
    code: (prover, typed) => proveByCode(parts(), prover, typed),
    giveBack: (prover) => giveBack(parts(), prover),
    look: (session) => look(parts(), session),
    confirm: (session) => confirm(parts(), session),
    wordsFor,
    deny: (session) => deny(parts(), session),
    overview: (by) => overview(parts(), by),
    testMail: (by) => testMail(parts(), by),
    requests: (by, page) => seeing(parts()).requests(by, page),
    bindings: (by, page) => seeing(parts()).bindings(by, page),
    bars: (by) => seeing(parts()).bars(by),
    unlink: (asked) => unlink(parts(), asked),
    vouch: (asked) => vouch(parts(), asked),
    liftBar: (asked) => lift(parts(), asked),
    list: listOf(parts),
    sweep: () => sweep(parts()),
  };
}

function listOf(parts: () => VerifyParts): PeopleList {
  return {
    preview: (asked) => imports(parts()).preview(asked),
    imports: (by) => imports(parts()).imports(by),
    import: (by, id) => imports(parts()).import(by, id),
    confirm: (asked) => imports(parts()).confirm(asked),
    drop: (asked) => imports(parts()).drop(asked),
    put: (asked) => putList(parts(), asked),
    entry: (by, userId) => entries(parts()).entry(by, userId),
    changeEntry: (asked) => entries(parts()).changeEntry(asked),
    removeEntry: (asked) => entries(parts()).removeEntry(asked),
    entries: (by, asked) => entries(parts()).entries(by, asked),
    all: (by) => entries(parts()).all(by),
    reachOut: (by) => reachOuts(parts()).reachOut(by),
    startReachOut: (by) => reachOuts(parts()).startReachOut(by),
    stopReachOut: (by) => reachOuts(parts()).stopReachOut(by),
    unsubscribing: (door) => reachOuts(parts()).unsubscribing(door),
    unsubscribe: (door) => reachOuts(parts()).unsubscribe(door),
    sources: (by) => sources(parts()).sources(by),
    sync: (asked) => sources(parts()).sync(asked),
    leaveSource: (asked) => sources(parts()).leaveSource(asked),
    askSources: () => askSources(parts()),
  };
}
