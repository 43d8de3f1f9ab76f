// Before anything is drawn: the colours that were chosen the last time; without a choice, those of the machine.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
