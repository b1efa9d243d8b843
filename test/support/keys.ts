import type { Page } from 'playwright-core';

/** What a walk over a page by the Tab key came to. */
export interface Walk {
  /** Names of what can be pressed or filled in, in the order in which Tab reached it. */
  reached: string[];
  /** What a person at the keyboard would stumble over, in words. */
  faults: string[];
}

/** More presses than any page has places for; a walk that takes them all is caught in a trap. */
const MOST = 250;

/**
 * Goes over a page by Tab alone, from its beginning until the focus leaves it. All that a mouse could use must be reached, in
 * the order of the page, be seen to have the focus, and stand where it can be seen.
 */
export async function walk(page: Page): Promise<Walk> {
  await page.evaluate(BEGIN);
  for (let presses = 0; presses < MOST; presses++) {
    await page.keyboard.press('Tab');
    if (!(await page.evaluate<boolean>('window.walk.look()'))) return page.evaluate<Walk>('window.walk.end()');
  }
  const { reached } = await page.evaluate<Walk>('window.walk.end()');
  return { reached, faults: [`Tab never leaves the page: it ends among ${reached.slice(-3).join(', ')}`] };
}

/** Whether the focus stands inside what this finds, or nowhere: the browser's own bars count as nowhere. */
export function isWithin(page: Page, selector: string): Promise<boolean> {
  return page.evaluate<boolean>(`(() => {
    const at = document.activeElement;
    return at === document.body || at?.closest(${JSON.stringify(selector)}) !== null;
  })()`);
}

/** How what has the focus is called; empty where nothing has it. */
export function focused(page: Page): Promise<string> {
  return page.evaluate<string>(`document.activeElement === document.body ? '' : (${NAME})(document.activeElement)`);
}

const NAME = `(one) => (one.getAttribute('aria-label') || one.labels?.[0]?.innerText || one.innerText || one.placeholder ||
  one.id || one.tagName).trim().replace(/\\s+/g, ' ').slice(0, 60)`;

/** Runs inside the page, so it is text: the page's own content policy allows no script of ours there. */
const BEGIN = `(() => {
  const name = ${NAME};
  const usable = 'a[href], button, input, select, textarea, summary, [tabindex="0"], [role=button], [role=menuitem]';
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('[inert], [aria-hidden=true]');
  // Of a group of radio buttons Tab reaches one; the arrows go on from there.
  const inGroup = (one) => one.type === 'radio' && !one.checked &&
    document.querySelector('input[name="' + CSS.escape(one.name) + '"]:checked') !== null;
  const wanted = [...document.querySelectorAll(usable)]
    .filter((one) => !one.matches(':disabled, [tabindex="-1"]') && seen(one) && !inGroup(one));
  const reached = [];
  const faults = new Set();
  const ring = (one) => {
    for (let at = one; at && at !== document.body; at = at.parentElement) {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
      if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) return true;
      if (at !== one && at.matches('form') && boxShadow !== 'none') return true;
    }
    return false;
  };
  const isCovered = (one) => {
    const box = one.getBoundingClientRect();
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    if (left >= right || top >= bottom) return true;
    const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return above === null || !(one.contains(above) || above.contains(one) || [...(one.labels ?? [])].some((label) => label.contains(above)));
  };
  // Tab goes on from where the focus was last, even when that is gone.
  const start = document.createElement('div');
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  start.remove();
  window.walk = {
    look() {
      const one = document.activeElement;
      if (!one || one === document.body || (one === reached[0] && reached.length > 1)) return false;
      if (one === reached.at(-1)) return true;
      if (reached.includes(one)) { faults.add('reached twice: ' + name(one)); return false; }
      reached.push(one);
      if (!ring(one)) faults.add('its focus is not seen: ' + name(one));
      if (isCovered(one)) faults.add('it is out of sight with the focus: ' + name(one));
      return true;
    },
    end() {
      for (const one of wanted)
        if (one.isConnected && !reached.includes(one)) faults.add('Tab does not reach: ' + name(one));
      // The tools beside a line of a room are there only while it has the focus.
      const still = reached.filter((one) => one.isConnected);
      const inOrder = still.every((one, at) => at === 0 ||
        still[at - 1].compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
      if (!inOrder) faults.add('Tab does not follow the order of the page');
      return { reached: reached.map(name), faults: [...faults] };
    },
  };
})()`;
