// What was just done is said once: not again after Back or a reload.
history.replaceState(history.state,"",location.href.replace(/([?&])done=\w+&?/,"$1").replace(/[?&]$/,""));
addEventListener("pagehide",()=>$$(".toast").forEach(t=>t.remove()));
