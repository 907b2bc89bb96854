// A style sheet in the place of a <style> element, which the page's Content-Security-Policy does not let anybody fill.

// An element that takes CSS as its textContent and puts it into a sheet of the document, until it is removed.
export function sheetElement() {
  const sheet = new CSSStyleSheet();
  const element = document.createElement("span");
  const remove = element.remove.bind(element);
  element.hidden = true;
  Object.defineProperty(element, "textContent", { set: (text) => sheet.replaceSync(text) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    remove();
  };
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return element;
}
