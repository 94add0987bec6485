// Whoever signs out with something left is told first. Entries of the outbox stay; what was not submitted goes.
before.push(async f=>{
if(path(f.action)!=="/logout")return;
const out=await entries(user).catch(()=>[]),drafts=Object.keys(localStorage).filter(k=>k.startsWith(`d|${user}|`)),say=(n,text)=>n?text.replace("%n",n)+"\n":"";
if((out.length||drafts.length)&&!confirm(say(out.length,T.leave)+say(drafts.length,T.unsent)+T.out))return false;
drafts.forEach(k=>delete localStorage[k]);
});
