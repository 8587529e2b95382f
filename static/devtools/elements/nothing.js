// An element that the sandbox has nothing to show for: it is ready, and empty.
import { startFrame, tellReady, tellState } from "./frame.js";

startFrame({
  show: () => {
    tellState({ isComplete: true, isEmpty: true, isInvalid: false, value: null });
    tellReady();
  },
});
