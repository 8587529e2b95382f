// Sound samples: a button, a slider over the wave, the time. Without this script the browser plays them.
(() => {
  "use strict";
  const texts = JSON.parse(document.querySelector("[data-texts]")?.textContent ?? "{}");
  const spoken = (text) => texts[text] ?? text;

  const BARS = 96;
  const TALL = 40; // of the drawing, which is stretched to its place
  const STEPS = 200; // of the slider
  const SEEN_BYTES = 1_000_000; // a wave up to this size is drawn when it is seen, a larger one when it is played
  const PLAYED_BYTES = 20_000_000;
  const SVG = "http://www.w3.org/2000/svg";
  const players = [...document.querySelectorAll("[data-player]")];

  const SHORT = 10; // seconds: a shorter sound is told in tenths

  const clock = (seconds, total) => total < SHORT
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  /** The loudest value of each part, from 0 to 1, of the first channel and as loud as it gets. */
  const measure = (sound) => {
    const data = sound.getChannelData(0);
    const part = Math.max(1, Math.floor(data.length / BARS));
    const step = Math.max(1, Math.floor(part / 400)); // a long sound is looked at here and there
    const peaks = Array.from({ length: BARS }, (_, bar) => {
      let peak = 0;
      for (let at = bar * part; at < Math.min(data.length, (bar + 1) * part); at += step) peak = Math.max(peak, Math.abs(data[at]));
      return peak;
    });
    const loudest = Math.max(...peaks) || 1;
    return peaks.map((peak) => peak / loudest);
  };

  const drawing = (peaks) => peaks.map((peak, bar) => {
    const height = Math.max(2, peak * TALL);
    return `M${bar + 0.2} ${(TALL - height) / 2}h.6v${height}h-.6z`;
  }).join("");

  const make = (name, props) => Object.assign(document.createElement(name), props);

  const waveOf = (className) => {
    const wave = document.createElementNS(SVG, "svg");
    wave.setAttribute("class", className);
    wave.setAttribute("viewBox", `0 0 ${BARS} ${TALL}`);
    wave.setAttribute("preserveAspectRatio", "none");
    wave.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", drawing(Array(BARS).fill(0)));
    wave.append(path);
    return wave;
  };

  const set = (place) => {
    const audio = place.querySelector("audio");
    const title = place.dataset.player;
    const bytes = Number(place.dataset.bytes);
    const player = make("div", { className: "player" });
    const button = make("button", { type: "button", className: "player-button" });
    const track = make("div", { className: "player-track" });
    const waves = [waveOf("player-wave"), waveOf("player-wave player-done")];
    const slider = make("input", { type: "range", min: 0, max: STEPS, step: 1, value: 0, className: "player-slider" });
    const time = make("span", { className: "player-time" });
    let wanted = null; // where somebody went before the length was known
    let length = 0;
    let isDrawn = false;

    const total = () => (Number.isFinite(audio.duration) ? audio.duration : length);
    const show = () => {
      const share = wanted ?? (total() ? audio.currentTime / total() : 0);
      slider.value = Math.round(share * STEPS);
      waves[1].style.setProperty("--done", `${share * 100}%`);
      const [now, end] = [share * total(), total()].map((seconds) => clock(seconds, total()));
      time.textContent = total() ? `${now} / ${end}` : "";
      slider.setAttribute("aria-valuetext", total()
        ? spoken("{now} of {end}").replace("{now}", now).replace("{end}", end)
        : spoken("{number} percent").replace("{number}", Math.round(share * 100)));
    };
    const tell = () => {
      button.setAttribute("aria-label", spoken(audio.paused ? "Play {title}" : "Pause {title}").replace("{title}", () => title));
      button.classList.toggle("is-playing", !audio.paused);
    };
    const giveUp = () => {
      player.remove();
      audio.hidden = false;
      audio.controls = true;
    };
    const draw = async () => {
      if (isDrawn || bytes > PLAYED_BYTES || !window.OfflineAudioContext) return;
      isDrawn = true;
      try {
        const answer = await fetch(audio.currentSrc || audio.src);
        if (!answer.ok) return;
        const sound = await new OfflineAudioContext(1, 1, 22_050).decodeAudioData(await answer.arrayBuffer());
        length = sound.duration;
        const shape = drawing(measure(sound));
        for (const wave of waves) wave.firstChild.setAttribute("d", shape);
        show();
      } catch {
        // It may still be played: then the line stays a line.
      }
    };

    slider.setAttribute("aria-label", spoken("Position in {title}").replace("{title}", () => title));
    track.append(...waves, slider);
    player.append(button, track, time);
    audio.controls = false;
    audio.hidden = true;
    audio.after(player);
    button.addEventListener("click", () => {
      if (!audio.paused) {
        audio.pause();
        return;
      }
      draw();
      audio.play().catch((error) => {
        if (error.name === "NotSupportedError") giveUp();
      });
    });
    slider.addEventListener("input", () => {
      const share = Number(slider.value) / STEPS;
      if (Number.isFinite(audio.duration)) {
        wanted = null; // the length may be known before its event is told
        audio.currentTime = share * audio.duration;
      } else {
        wanted = share;
        audio.preload = "metadata";
        audio.load();
      }
      show();
    });
    audio.addEventListener("loadedmetadata", () => {
      if (wanted !== null) audio.currentTime = wanted * audio.duration;
      wanted = null;
      show();
    });
    audio.addEventListener("timeupdate", show);
    audio.addEventListener("error", giveUp);
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, tell);
    audio.addEventListener("play", () => {
      for (const other of document.querySelectorAll("[data-player] audio")) if (other !== audio) other.pause();
    });
    tell();
    show();
    return { player, draw, isSmall: bytes <= SEEN_BYTES };
  };

  const made = players.map(set);
  if (navigator.connection?.saveData || !window.IntersectionObserver) return;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      seen.unobserve(entry.target);
      made.find((each) => each.player === entry.target).draw();
    }
  }, { rootMargin: "100px" });
  for (const each of made) if (each.isSmall) seen.observe(each.player);
})();
