import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { PASSWORD } from './person.ts';
import { eventually, PATIENCE_MS } from './wait.ts';

/** Somebody at a browser of their own. What they do is said in the words that the pages show. */
export class Visitor {
  readonly page: Page;
  /** What the page itself complained of: a journey ends with none. */
  readonly complaints: string[] = [];
  private readonly context: BrowserContext;
  private readonly hall: string;

  private constructor(context: BrowserContext, page: Page, hall: string) {
    this.context = context;
    this.page = page;
    this.hall = hall;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    page.on('console', (line) => {
      if (line.type() === 'error' && !NETWORK.test(line.text())) this.complaints.push(line.text());
    });
  }

  /** Opens a browser window with nothing in it. Motion is reduced, so that a picture never shows half of one. */
  static async arrive(browser: Browser, hall: string): Promise<Visitor> {
    const size = { width: 1280, height: 800 };
    const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce', baseURL: hall });
    return new Visitor(context, await context.newPage(), hall);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.hall + path);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).first().click();
  }

  async fill(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text);
  }

  async signIn(username: string, password = PASSWORD): Promise<void> {
    await this.fill('Username', username);
    await this.fill('Password', password);
    await this.press('Sign in');
  }

  /** Opens a room from the list at the left. */
  async goTo(room: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: room }).click();
    await this.standsAt(room);
  }

  /** Waits for a heading: every page has one. */
  async standsAt(heading: string | RegExp): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: heading }).waitFor();
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get writer(): Locator {
    return this.page.getByRole('textbox', { name: /^Write to / });
  }

  async write(text: string): Promise<void> {
    await this.writer.fill(text);
    await this.writer.press('Enter');
  }

  /** Waits until the log shows exactly this text. */
  async sees(text: string): Promise<void> {
    await this.log.getByText(text, { exact: true }).first().waitFor();
  }

  /** The texts of all lines of the log that are settled, from the oldest. Each reads each: a doubled line is there twice. */
  async lines(): Promise<string[]> {
    return this.log.locator('[data-line] .said-text').allInnerTexts();
  }

  /** Waits until the log shows these lines and no others, in this order. */
  async hasLines(expected: string[]): Promise<void> {
    let seen: string[] = [];
    const same = async (): Promise<true | undefined> => {
      seen = await this.lines();
      return JSON.stringify(seen) === JSON.stringify(expected) || undefined;
    };
    await eventually('the lines', same).catch(() => assert.deepEqual(seen, expected));
  }

  async goesOffLine(offline: boolean): Promise<void> {
    await this.context.setOffline(offline);
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}

/** What a browser says of every request that fails or is refused: journeys go off line and sign in wrongly on purpose. */
const NETWORK = /Failed to load resource|WebSocket connection to|net::ERR_/;
