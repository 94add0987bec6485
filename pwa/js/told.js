// What comes in while a page is open, fetched at its first time.
// An incoming call.
const popup=call=>{
$(".call")?.remove();
const box=make("div",{className:"call",tabIndex:-1}),close=make("button",{className:"ib"},"✕");
box.innerHTML=call.html;
box.setAttribute("role","alertdialog");
box.setAttribute("aria-label",$("h2",box).textContent);
close.setAttribute("aria-label",T.close);
close.onclick=()=>box.remove();
box.onkeydown=e=>e.key=="Escape"&&box.remove();
box.append(close);
document.body.append(box);
// Whoever is typing goes on typing.
dirty||box.focus();
};
// A message came in. The open conversation shows it itself.
const message=m=>{
if(location.pathname===m.href)return dirty||location.reload();
toast("");
$(".toast").append(make("a",{href:m.href},m.text));
};
