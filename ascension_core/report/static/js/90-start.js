if (!document.documentElement.requestFullscreen) byId("full").hidden = true;
player.start();
