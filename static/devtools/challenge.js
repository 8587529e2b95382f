// The bank's question: a modal dialog inside the frame, where the buyer is looking.
import { isEmbedded, reveal } from "./page.js";

const dialog = document.querySelector("[data-challenge]");
const byTest = (name) => dialog.querySelector(`[data-testid="${name}"]`);

// An embedded frame is as tall as its content: the middle of it can be far from the button that was pressed.
const placeNear = (button) => {
  if (!isEmbedded) return;
  const top = button.getBoundingClientRect().bottom - dialog.offsetHeight;
  dialog.style.marginTop = `${Math.max(16, top)}px`;
  reveal(dialog);
};

// "complete" or "fail"; Escape is a refusal too.
export const askBank = (button) =>
  new Promise((resolve) => {
    const answer = (result) => () => {
      dialog.close();
      resolve(result);
    };
    byTest("challenge-complete").onclick = answer("complete");
    byTest("challenge-fail").onclick = answer("fail");
    dialog.oncancel = answer("fail");
    dialog.showModal();
    byTest("challenge-complete").focus(); // `autofocus` is blocked in a frame of another origin
    placeNear(button);
  });
