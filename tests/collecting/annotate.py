"""Answers a project of Potato in a real browser, as a person would; run by the interpreter that has Playwright.

    annotate.py URL BROWSER USER SCREENSHOT < ANSWERS

ANSWERS: JSON, {unit id: {question: stored answer}}; a unit that is not there gets no answer but is passed. Prints JSON:
the texts that were seen, by unit, and dialogs that a page opened, which none should.
"""

from __future__ import annotations

import json
import sys


def main(url: str, browser_path: str, user: str, screenshot: str) -> None:
    """Answer all that is on standard input."""
    from playwright.sync_api import sync_playwright

    answers = json.load(sys.stdin)
    seen, dialogs = {}, []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(url)
        page.fill("input[name=email]", user)
        page.click("button[type=submit]")
        for number, (unit, given) in enumerate(answers.items(), 1):
            page.wait_for_function(f"document.querySelector('#instance_id')?.value === {json.dumps(unit)}")
            page.wait_for_selector("input[type=radio]:visible")
            seen[unit] = page.inner_text("body")
            for question, answer in given.items():
                option = page.locator(f"input[type=radio][name={json.dumps(question)}][value={json.dumps(answer)}]")
                with page.expect_response(lambda response: "updateinstance" in response.url):
                    option.check()
            if number == 2:
                page.screenshot(path=screenshot, full_page=True)
            if number < len(answers):
                page.click("#next-btn")
        browser.close()
    print(json.dumps({"seen": seen, "dialogs": dialogs}))


if __name__ == "__main__":
    main(*sys.argv[1:5])
