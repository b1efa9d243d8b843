import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { link, mrkdwn } from './mrkdwn.ts';

const table: [markdown: string, slack: string][] = [
  ['plain words, 2 - 1 = 1.', 'plain words, 2 - 1 = 1.'],
  ['AAPL.US quote is 126.85', 'AAPL.US quote is 126.85'],
  ['**bold** and __bold__', '*bold* and *bold*'],
  ['*italic* and _italic_', '_italic_ and _italic_'],
  ['***both*** of it', '*_both_* of it'],
  ['**bold with *italic* inside**', '*bold with _italic_ inside*'],
  ['~~gone~~', '~gone~'],
  ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
  ['2*3*4', '2*3*4'],
  ['a ** no ** and * no *', 'a ** no ** and * no *'],
  ['`a * b ** c`', '`a * b ** c`'],
  ['``a ` b``', "`a ' b`"],
  ['`<!channel>`', '`&lt;!channel&gt;`'],
  ['[Slack](https://slack.com)', '<https://slack.com|Slack>'],
  ['[**Slack**](https://slack.com "title")', '<https://slack.com|*Slack*>'],
  ['[](https://slack.com)', '<https://slack.com>'],
  ['[q](https://e.org/?a=1&b=2|3)', '<https://e.org/?a=1&amp;b=2%7C3|q>'],
  ['[w](https://en.wikipedia.org/wiki/A_(b)_c)', '<https://en.wikipedia.org/wiki/A_(b)_c|w>'],
  ['![A dot](https://e.org/dot.png)', '<https://e.org/dot.png|A dot>'],
  ['[mail](mailto:a@e.org)', '<mailto:a@e.org|mail>'],
  ['[x](!channel) [y](@U1) [z](javascript:alert)', 'x (!channel) y (@U1) z (javascript:alert)'],
  ['https://e.org/a_b_c*d*?x=1&y=2', 'https://e.org/a_b_c*d*?x=1&amp;y=2'],
  ['<https://e.org/a|b>', 'https://e.org/a|b'],
  ['# Head', '*Head*'],
  ['### **Head** ##', '*Head*'],
  ['#channel is no head', '#channel is no head'],
  ['- one\n* two\n+ three\n  - four\n1. five', '• one\n• two\n• three\n  • four\n1. five'],
  ['> quoted **words**\nnot', '> quoted *words*\nnot'],
  ['> - a point', '> • a point'],
  ['a > b & c < d', 'a &gt; b &amp; c &lt; d'],
  ['&lt; stays what it is', '&amp;lt; stays what it is'],
  ['<@U1> <!here> <!subteam^S1> <#C1>', '&lt;@U1&gt; &lt;!here&gt; &lt;!subteam^S1&gt; &lt;#C1&gt;'],
  ['@here @channel @everyone @heretic', '@\u2060here @\u2060channel @\u2060everyone @heretic'],
  ['\\*not italic\\* \\<!here>', '*not italic* &lt;!here&gt;'],
  ['```python\na ** b < c # d\n- e\n```\n**f**', '```\na ** b &lt; c # d\n- e\n```\n*f*'],
  ['```one line```', '```one line```'],
  ['[a](b', '[a](b'],
  ['**open', '**open'],
];

describe('markdown as Slack writes it', () => {
  for (const [markdown, slack] of table)
    test(markdown.replaceAll('\n', '⏎'), () => assert.equal(mrkdwn(markdown), slack));

  test('nothing in a text can become one of Slack’s own marks, but a link to the web or a mailbox', () => {
    const pieces = [
      '<',
      '>',
      '!here',
      '@U1',
      '|',
      '[',
      ']',
      '(',
      ')',
      '`',
      '*',
      '\n',
      '```',
      'https://e.org',
      '\\',
      ' ',
      '&',
      '> ',
    ];
    let seed = 1;
    const next = (): string => pieces[(seed = (seed * 48_271) % 2_147_483_647) % pieces.length] as string;
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 12 }, next).join('');
      for (const [mark] of mrkdwn(text).matchAll(/<[^>]*>?/g))
        assert.match(mark, /^<(https?:\/\/|mailto:)[^<>]*>$/, JSON.stringify(text));
    }
  });

  test('a hostile text costs little time', () => {
    const texts = ['`', '*', '**a ', '[', '[a](', '~~a', '_', '__a ', '\\', '<https://', '# ', '> ', ' '];
    const started = performance.now();
    for (const piece of texts) mrkdwn(piece.repeat(Math.ceil(3_500 / piece.length)));
    assert.ok(performance.now() - started < 2_000, `${performance.now() - started} ms`);
  });
});

describe('a link of our own', () => {
  test('its address and its words cannot break out of it', () => {
    assert.equal(link('https://e.org/a b|c>d', 'A|B <!here>'), '<https://e.org/a%20b%7Cc&gt;d|A¦B &lt;!here&gt;>');
  });
});
