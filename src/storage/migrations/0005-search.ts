import { sql, type Kysely } from 'kysely';

/**
 * Makes messages findable by their words, and indexes those that are there. Both databases take a text apart alike: at what
 * is neither a letter nor a digit, in lower case, without the marks on Latin letters. The database keeps its index by
 * itself, so a program of the version before that still writes leaves nothing out.
 */
export async function search(db: Kysely<never>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  for (const statement of dialect === 'sqlite' ? onSqlite() : onPostgres()) await sql.raw(statement).execute(db);
}

/**
 * An index without words of its own: it points at rows of `messages`. A deleted message has the empty text, so its words
 * leave with it. Numbers of rows stay as they are in VACUUM, as the table has indexes. https://sqlite.org/fts5.html
 */
function onSqlite(): string[] {
  const take = `insert into message_words (message_words, rowid, text) values ('delete', old.rowid, old.text);`;
  const put = 'insert into message_words (rowid, text) values (new.rowid, new.text);';
  return [
    `create virtual table message_words using fts5 (
      text, content = 'messages', columnsize = 0,
      tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc' separators '${newSigns()}'"
    )`,
    `insert into message_words (rowid, text) select rowid, text from messages where text <> ''`,
    `create trigger message_words_new after insert on messages begin ${put} end`,
    `create trigger message_words_other after update of text on messages begin ${take} ${put} end`,
    `create trigger message_words_gone after delete on messages begin ${take} end`,
  ];
}

/** What SQLite takes for letters because it is younger than its tables: emoji and signs of money. */
function newSigns(): string {
  let signs = '';
  for (const [from, to] of NEW_SIGNS)
    for (let code = from; code <= to; code++) {
      const sign = String.fromCodePoint(code);
      if (!/[\p{L}\p{N}]/u.test(sign)) signs += sign;
    }
  return signs;
}

const NEW_SIGNS = [
  [0x2066, 0x2069],
  [0x20ba, 0x20cf],
  [0x23f4, 0x23ff],
  [0x2700, 0x2700],
  [0x2b4d, 0x2bff],
  [0x1f000, 0x1faff],
] as const;

/**
 * An index over an expression, which the query must repeat: `WORDS` of search.ts. The function leaves letters, digits and
 * blanks, so that PostgreSQL's own reader of texts finds no addresses, hyphens or signs to treat in a way of its own; and it
 * asks no locale, so that it says the same on every server. One expression without `strict`: then PostgreSQL takes it for its
 * own, and a call costs a few µs instead of a hundred. The statistics are for the first searches.
 */
function onPostgres(): string[] {
  const apart = 'lower(normalize(said, NFD) collate "C")';
  return [
    `create function guildhall_words(said text) returns text language sql immutable parallel safe as $body$
      select case
        when octet_length(said) = char_length(said)
          then regexp_replace(lower(said collate "C"), '[${ASCII_SIGNS}]+', ' ', 'g')
        when said !~ '[${OTHER_SCRIPTS}]' then ${wordsOf(apart)}
        else ${wordsOf(`translate(${apart}, '${CAPITALS}', '${SMALL}')`)} end
    $body$`,
    `create index messages_by_words on messages using gin (to_tsvector('simple', guildhall_words(text)))`,
    'analyze messages',
  ];
}

/** Of a text whose marks stand apart from their letters. */
function wordsOf(apart: string): string {
  const bare = `regexp_replace(${apart}, '([a-z])[\\u0300-\\u036f]+', '\\1', 'g')`;
  return `regexp_replace(normalize(${bare}, NFC), '[${ASCII_SIGNS}${SIGNS}]+', ' ', 'g')`;
}

/** Capitals that are no Latin letter with a mark, nor A to Z. The end form of the Greek s counts as the other. */
const CAPITALS =
  'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς' +
  'АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӘӠӨ' +
  'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ' +
  'ÆØÐÞĐĦĲĿŁŊŒŦƏ';
const SMALL = [...CAPITALS].map((letter) => (letter === 'ς' ? 'σ' : letter.toLowerCase())).join('');

/** Where those capitals may be: `translate` goes through all of them for each letter of a text. */
const OTHER_SCRIPTS = String.raw`ÆǢǼØǾÐÞĐĦĲĿŁŊŒŦƏ\u0370-\u058f\u1f00-\u1fff`;

/** Everything of ASCII but letters, digits and blanks, for a regular expression. */
const ASCII_SIGNS = String.raw`\u0001-\u001f!-/:-@\[-\`{-\u007f`;

/** Punctuation, signs and pictures beyond ASCII, for a regular expression. */
const SIGNS = [
  String.raw`\u0080-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff`,
  String.raw`\u0375\u037e\u0384\u0385\u0387\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u060f\u061b-\u061f\u066a-\u066d`,
  String.raw`\u06d4\u0964\u0965\u0970\u0e3f\u0e4f\u0e5a\u0e5b\u2000-\u206f\u207a-\u207e\u208a-\u208e\u20a0-\u20cf\u2100\u2101\u2103-\u2106`,
  String.raw`\u2108\u2109\u2114\u2116-\u2118\u211e-\u2123\u2190-\u245f\u249c-\u24e9\u2500-\u2775\u2794-\u2bff\u2e00-\u2e2e\u2e30-\u2e7f`,
  String.raw`\u3000-\u3004\u3008-\u3020\u3030\u303d-\u303f\u30a0\u30fb\ufe00-\ufe0f\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff01-\uff0f`,
  String.raw`\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001f0ff\U0001f10d-\U0001faff\U000e0000-\U000e0fff`,
].join('');
