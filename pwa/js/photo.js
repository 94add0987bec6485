// Photos are made smaller before they go; where they have a button of their own, they go at once.
const jobs=new WeakMap();
on("change","[data-photo]",(e,input)=>jobs.set(input,new Promise(ok=>late(()=>picture(input).then(ok,ok),ok)).then(()=>input.files.length&&$("[data-only]",input.form)?.click())));
// A button for those without scripts.
fit(()=>$$("[data-only]").forEach(b=>b.parentNode.hidden=1));
before.push(f=>Promise.all($$("[data-photo]",f).map(i=>jobs.get(i))));
