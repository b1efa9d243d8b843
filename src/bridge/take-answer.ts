import type { QuoteWork } from '#core/quote.ts';
import { findOpenJob, isIn } from '#storage/open-jobs.ts';
import type { Storage } from '#storage/storage.ts';
import { findJob, type JobRow } from '#storage/work.ts';
import { answerJob } from '#worker/end-job.ts';
import { readAnswer, type Refused, type StockAnswer } from './read-answer.ts';

/** What became of an answer: the job that it ended, or why it ended none. */
export type Taken = { job: string } | Refused;

/** Ends the job that the answer fits to, as a worker would. Rejects where the database is away; then nothing has happened. */
export async function takeAnswer(storage: Storage, quotes: QuoteWork, text: string): Promise<Taken> {
  const answer = readAnswer(text);
  if ('refused' in answer) return answer;
  const found = await requestOf(storage, quotes, answer);
  if ('refused' in found) return found;
  const first = await answerJob(storage, found, quotes.reply(answer.symbol, answer.quote));
  return first ? { job: found.id } : ALREADY;
}

async function requestOf(storage: Storage, quotes: QuoteWork, answer: StockAnswer): Promise<JobRow | Refused> {
  const { symbol, chatroom, request } = answer;
  const { name } = quotes.job;
  if (request === undefined) {
    const oldest = await findOpenJob(storage.db, { name, payload: { symbol }, place: chatroom });
    return oldest ?? { refused: 'no open request of this room and code' };
  }
  const job = await findJob(storage.db, request);
  if (!job || job.name !== name) return { refused: 'no such request' };
  if (!isIn(job.id, job.request, chatroom)) return { refused: 'the request is of another room' };
  if ((job.payload as { symbol: string }).symbol !== symbol) return { refused: 'the request is of another code' };
  if (job.state === 'done') return ALREADY;
  return job.state === 'dead' ? { refused: 'too late, the asker was told so' } : job;
}

const ALREADY: Refused = { refused: 'answered already' };
